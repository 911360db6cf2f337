"""The words of the demo park: people, companies, titles and reasons, all of them made up."""

from __future__ import annotations

from booking.reservations.models import DeclineReason

WOMEN = (
    "Amal", "Asmae", "Aya", "Btissam", "Chaimae", "Dounia", "Fatima-Zahra", "Ghita", "Hajar",
    "Hanane", "Houda", "Ihssane", "Ikram", "Imane", "Jihane", "Kenza", "Khadija", "Lamiae",
    "Latifa", "Loubna", "Malika", "Maryam", "Meryem", "Mouna", "Naima", "Najat", "Nora",
    "Oumaima", "Rajae", "Rim", "Sanae", "Sara", "Siham", "Soukaina", "Wiam", "Yasmine", "Zineb",
)  # fmt: skip
MEN = (
    "Abdellah", "Achraf", "Adil", "Amine", "Anas", "Ayoub", "Badr", "Brahim", "Driss", "El Mehdi",
    "Fouad", "Hatim", "Hicham", "Ilyas", "Ismail", "Jalal", "Jaouad", "Karim", "Khalid", "Mehdi",
    "Mohammed", "Mounir", "Mustapha", "Nabil", "Omar", "Othmane", "Rachid", "Reda", "Said",
    "Samir", "Simo", "Tarik", "Walid", "Yassine", "Younes", "Zakaria", "Ziad",
)  # fmt: skip
# Family names put together for this park, in the sound of the country.
FAMILIES = (
    "Aït Lbir", "Aït Tizi", "Belargan", "Belqasba", "Ben Zellij", "Benatay", "Bennakhla",
    "Bensafran", "Bouchamal", "Boukitab", "Bounajm", "Chefchaoui", "Chouaf",
    "El Andaloussi Amrou", "El Bahja", "El Fanar", "El Guerraoui", "El Handasi", "El Kasbah",
    "El Mandri", "El Moutawakkil", "El Qalam", "El Warraq", "El Yassamine", "Ghazal",
    "Hakkaoui Nour", "Jbilou", "Kharrazi", "Lamrini Sahl", "Laouina", "Louzani", "Mellahi",
    "Naciri Zohr", "N'Ait Oufella", "Ouazzani Tifaw", "Oulad Rih", "Rghioui", "Saffar", "Sebbagh",
    "Souiri", "Tahiri Badia", "Tazi Warda", "Zaher", "Zemmouri", "Zitouni",
)  # fmt: skip
IN_ARABIC = (
    "سلوى بنزليج", "ياسين الورّاق", "مريم الياسمين", "عمر المنارة", "هاجر بلقصبة",
    "إلياس الهندسي", "زينب السفّار", "طارق القلم", "نورة بنخلة", "كريم الزيتوني", "إكرام الغزال",
    "بدر النجم",
)  # fmt: skip

ATLAS_ROBOTICS = "Atlas Robotics"
COMPANIES = (
    ATLAS_ROBOTICS, "Argane & Octets", "Babouche Mobile", "Bled Numérique", "Cèdre Capteurs",
    "Chergui Vision", "Cigogne Drones", "Cumin Cloud", "Dar Algorithmes", "Djellaba Textiles 4.0",
    "Dromadaire Express", "Fennec Sécurité", "Figue & Pixel", "Gnaoua Audio",
    "Henné Chimie Verte", "Jasmin Santé", "Kasbah Jumeaux", "Khamsa Paiements",
    "Lanterne Énergie", "Loukoum Jeux", "Menthe Logicielle", "Mosaïque Données", "Noria Eau",
    "Oasis Semences", "Orange Amère Studio", "Palmier Réseaux", "Pisé Construction",
    "Ras el Code", "Safran Analytique", "Sardine Marine Tech", "Sirocco Éolien",
    "Souk des Modèles", "Tadelakt Matériaux", "Tagine Thermique", "Tortue Atlas Vélo",
    "Tuile Verte Immo", "Vague d'Imsouane", "Zaafrane Biotech", "Zellige IA", "Zouak Réalités",
)  # fmt: skip

MEETINGS = (
    "Point d'équipe", "Entretien d'embauche", "Revue de sprint", "Comité de pilotage",
    "Team meeting", "Client call", "Investor update", "اجتماع الفريق", "مقابلة توظيف",
    "عرض المشروع", "Atelier produit", "Réunion fournisseurs", "Démo client", "Budget 2027", "",
)  # fmt: skip
LAB_WORK = (
    "Essais du prototype", "Mesures de la série B", "Étalonnage", "Validation du capteur",
    "Prototype test", "Sample preparation", "Model training", "تجربة النموذج الأولي",
    "قياسات ميدانية", "Assemblage pilote", "Campagne de tests", "Tournage de la démonstration",
    "",
)  # fmt: skip
TRAININGS = (
    "Formation Python", "Initiation à la soudure", "Gestion de projet", "Sécurité au laboratoire",
    "Anglais technique", "Pitch workshop", "تكوين في المحاسبة", "ورشة ريادة الأعمال",
    "Propriété intellectuelle", "Design thinking", "Bureautique",
)  # fmt: skip
MACHINE_WORK = (
    "Boîtier v3", "Pièces de rechange", "Gravure", "Test de vibration", "PCB batch",
    "Prototype arm", "طباعة القطع", "Maquette", "",
)  # fmt: skip
DECLINES: tuple[tuple[DeclineReason, str], ...] = (
    (DeclineReason.ALREADY_IN_USE, "Campagne de mesures toute la journée."),
    (DeclineReason.AUTHORISATION_MISSING, ""),
    (DeclineReason.OTHER, "The requested time is too short for this process."),
    (DeclineReason.AUTHORISATION_MISSING, "المرجو تقديم بطاقة السلامة الخاصة بالمواد."),
    (DeclineReason.MAINTENANCE_EXPECTED, ""),
    (DeclineReason.TOO_MANY_PEOPLE, ""),
)
CANCELLATIONS = (
    "", "", "", "Réunion reportée", "Télétravail", "Client indisponible", "تأجيل الاجتماع",
)  # fmt: skip
