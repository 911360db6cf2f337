"""The plan of the demo park: three buildings, what stands in them, and when they are open."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from booking.core.intervals import Span
from booking.core.refusals import LayoutKind, QuotaPeriod
from booking.policies.models import Shown
from booking.policies.rules import WhoMayBook
from booking.spaces.models import Behaviour

Names = dict[str, str]


def said(fr: str, ar: str, en: str) -> Names:
    """A name in the three languages."""
    return {"fr": fr, "ar": ar, "en": en}


SITE = said("Casablanca Tech Valley", "كازابلانكا تيك فالي", "Casablanca Tech Valley")
LEGAL_NOTICE = said(
    "Données fictives : ce parc de démonstration n’existe pas.",
    "بيانات خيالية: هذا المجمع التجريبي غير موجود.",
    "Fictional data: this demo park does not exist.",
)


# --- opening hours ---


@dataclass(frozen=True)
class HoursPlan:
    """A set of hours: the spans of Monday to Sunday."""

    names: Names
    week: tuple[tuple[Span, ...], ...]


def _between(*times: tuple[float, float]) -> tuple[Span, ...]:
    return tuple(Span(round(opens * 60), round(closes * 60)) for opens, closes in times)


_CLOSED: tuple[Span, ...] = ()

HOURS: dict[str, HoursPlan] = {
    "coworking": HoursPlan(
        said("Coworking", "فضاء العمل المشترك", "Coworking"),
        (*[_between((8, 19))] * 5, _between((9, 13)), _CLOSED),
    ),
    "rooms": HoursPlan(
        said("Salles de réunion", "قاعات الاجتماعات", "Meeting rooms"),
        (*[_between((8, 20))] * 5, _between((9, 13)), _CLOSED),
    ),
    "labs": HoursPlan(
        said("Laboratoires", "المختبرات", "Labs"),
        (*[_between((8, 20))] * 5, _between((9, 14)), _CLOSED),
    ),
    "workshops": HoursPlan(
        said("Ateliers et machines", "الورشات والآلات", "Workshops and machines"),
        (
            *[_between((8.5, 12.5), (14, 18.5))] * 4,
            _between((8.5, 12), (14.5, 18.5)),  # a longer pause for the Friday prayer
            _CLOSED,
            _CLOSED,
        ),
    ),
    "training": HoursPlan(
        said("Formation", "التكوين", "Training"),
        (*[_between((8.5, 18.5))] * 5, _between((9, 17)), _CLOSED),
    ),
    "always": HoursPlan(
        said("Jour et nuit", "ليل نهار", "Around the clock"), (_between((0, 24)),) * 7
    ),
}

# Public holidays at fixed dates, as month and day, by what the calendar of the country calls them.
HOLIDAYS: dict[tuple[int, int], str] = {
    (1, 1): "New Year's Day",
    (1, 11): "Proclamation of Independence Day",
    (1, 14): "Amazigh New Year",
    (5, 1): "Labor Day",
    (7, 30): "Throne Day",
    (8, 14): "Oued Ed-Dahab Day",
    (8, 20): "Revolution Day",
    (8, 21): "Youth Day",
    (10, 31): "Unity Day",
    (11, 6): "Green March",
    (11, 18): "Independence Day",
}
# Those that follow the moon, as that calendar estimates them.
ESTIMATED: dict[date, str] = {
    date(2027, 3, 9): "Eid al-Fitr",
    date(2027, 3, 10): "Eid al-Fitr",
    date(2027, 5, 16): "Eid al-Adha",
    date(2027, 5, 17): "Eid al-Adha",
    date(2027, 6, 6): "Islamic New Year",
    date(2028, 2, 26): "Eid al-Fitr",
    date(2028, 2, 27): "Eid al-Fitr",
    date(2028, 5, 5): "Eid al-Adha",
    date(2028, 5, 6): "Eid al-Adha",
    date(2028, 5, 25): "Islamic New Year",
}
# When Ramadan is expected, with its year, and how long the working day is then.
RAMADANS: tuple[tuple[int, date, date], ...] = (
    (1448, date(2027, 2, 8), date(2027, 3, 8)),
    (1449, date(2028, 1, 28), date(2028, 2, 25)),
    (1450, date(2029, 1, 16), date(2029, 2, 13)),
)
RAMADAN_DAY = Span(9 * 60, 15 * 60)
STOCKTAKING = said("Inventaire annuel", "الجرد السنوي", "Annual stocktaking")


# --- policies ---


@dataclass(frozen=True)
class PolicyPlan:
    """The settings of a policy; lengths in minutes, the horizon in days."""

    names: Names
    granularity: int
    shortest: int
    longest: int
    notice: int
    horizon: int
    who_may_book: WhoMayBook = WhoMayBook.ANYONE
    needs_approval: bool = False
    holds_while_pending: bool = True
    decide_within: int = 48 * 60
    others_see: Shown = Shown.BUSY
    asks_for_authorisation: bool = False
    asks_for_check_in: bool = False
    grace_minutes: int = 15
    setup_minutes: int = 0
    cleanup_minutes: int = 0
    series_horizon: int | None = None
    person_quota_minutes: int | None = None
    person_quota_count: int | None = None
    person_quota_period: QuotaPeriod = QuotaPeriod.WEEK
    organisation_quota_minutes: int | None = None
    organisation_quota_count: int | None = None
    organisation_quota_period: QuotaPeriod = QuotaPeriod.WEEK


IN_DEMAND, TRAINED = "rooms_in_demand", "trained"
POLICIES: dict[str, PolicyPlan] = {
    "desks": PolicyPlan(said("Bureaux", "المكاتب", "Desks"), 15, 30, 12 * 60, 0, 60),
    "rooms": PolicyPlan(
        said("Salles de réunion", "قاعات الاجتماعات", "Meeting rooms"),
        15,
        30,
        4 * 60,
        0,
        60,
        others_see=Shown.ORGANISATION,
        series_horizon=365,
    ),
    "labs": PolicyPlan(
        said("Laboratoires", "المختبرات", "Labs"),
        30,
        60,
        8 * 60,
        60,
        90,
        needs_approval=True,
        decide_within=72 * 60,
    ),
    "data_labs": PolicyPlan(
        said(
            "Laboratoires de données, au choix du responsable",
            "مختبرات البيانات، حسب اختيار المسؤول",
            "Data labs, the manager chooses",
        ),
        30,
        60,
        8 * 60,
        60,
        90,
        needs_approval=True,
        holds_while_pending=False,
        decide_within=72 * 60,
    ),
    "training": PolicyPlan(
        said("Salles de formation", "قاعات التكوين", "Training rooms"),
        30,
        60,
        10 * 60,
        24 * 60,
        90,
        WhoMayBook.MEMBERS,
        needs_approval=True,
        decide_within=72 * 60,
        others_see=Shown.ORGANISATION,
        setup_minutes=15,
        cleanup_minutes=15,
    ),
    "machines": PolicyPlan(
        said("Machines", "الآلات", "Machines"),
        30,
        30,
        4 * 60,
        0,
        45,
        needs_approval=True,
        decide_within=48 * 60,
        others_see=Shown.ORGANISATION,
    ),
    "servers": PolicyPlan(
        said("Calcul, jour et nuit", "الحوسبة، ليل نهار", "Computing, around the clock"),
        60,
        60,
        72 * 60,
        0,
        45,
        needs_approval=True,
        decide_within=48 * 60,
        others_see=Shown.ORGANISATION,
    ),
    "rooms_in_demand": PolicyPlan(
        said(
            "Salles très demandées, présence à confirmer",
            "قاعات كثيرة الطلب، مع تأكيد الحضور",
            "Rooms in demand, presence confirmed",
        ),
        15,
        30,
        4 * 60,
        0,
        60,
        others_see=Shown.ORGANISATION,
        asks_for_check_in=True,
        person_quota_minutes=6 * 60,
        organisation_quota_minutes=12 * 60,
    ),
    TRAINED: PolicyPlan(
        said(
            "Machines avec habilitation",
            "آلات تتطلب ترخيصا",
            "Machines that ask for an authorisation",
        ),
        30,
        30,
        4 * 60,
        0,
        45,
        needs_approval=True,
        decide_within=48 * 60,
        others_see=Shown.ORGANISATION,
        asks_for_authorisation=True,
    ),
}


# --- kinds and features ---


@dataclass(frozen=True)
class KindPlan:
    """A kind: its name, its icon, how it behaves."""

    names: Names
    icon: str
    behaves: Behaviour


KINDS: dict[str, KindPlan] = {
    "desk": KindPlan(said("Bureau", "مكتب", "Desk"), "armchair", Behaviour.SEAT),
    "meeting_room": KindPlan(
        said("Salle de réunion", "قاعة الاجتماعات", "Meeting room"), "users", Behaviour.ROOM
    ),
    "lab": KindPlan(said("Laboratoire", "مختبر", "Lab"), "flask-conical", Behaviour.ROOM),
    "training_room": KindPlan(
        said("Salle de formation", "قاعة التكوين", "Training room"),
        "graduation-cap",
        Behaviour.ROOM,
    ),
    "equipment": KindPlan(said("Machine", "آلة", "Machine"), "cpu", Behaviour.MACHINE),
}

FIRST_QUIET_DESK = 19  # of the second floor; those before it stand on the terrace
FEATURES: dict[str, tuple[Names, str]] = {
    "step_free": (
        said("Accès sans marche", "ولوج بدون أدراج", "Step-free access"),
        "accessibility",
    ),
    "quiet": (said("Calme", "هدوء", "Quiet"), "volume-x"),
    "two_screens": (said("Deux écrans", "شاشتان", "Two screens"), "monitor"),
    "standing": (
        said("Réglable en hauteur", "قابل لتعديل الارتفاع", "Height-adjustable"),
        "sliders-horizontal",
    ),
    "window": (said("Près d’une fenêtre", "قرب النافذة", "By a window"), "sun"),
    "projector": (said("Vidéoprojecteur", "جهاز عرض", "Projector"), "projector"),
    "screen": (said("Grand écran", "شاشة كبيرة", "Large screen"), "tv"),
    "video": (said("Visioconférence", "التناظر المرئي", "Video conference"), "video"),
    "whiteboard": (said("Tableau blanc", "سبورة بيضاء", "Whiteboard"), "presentation"),
    "fume_hood": (said("Sorbonne", "خزانة شفط الأبخرة", "Fume hood"), "fan"),
    "gas": (said("Gaz techniques", "غازات تقنية", "Technical gases"), "wind"),
    "water": (said("Point d’eau", "نقطة ماء", "Water point"), "droplets"),
    "power": (said("Courant triphasé", "تيار ثلاثي الأطوار", "Three-phase power"), "plug"),
    "network": (said("Réseau 10 Gbit/s", "شبكة بسرعة 10 جيغابت/ث", "10 Gbit/s network"), "network"),
    "computers": (said("Ordinateurs", "حواسيب", "Computers"), "monitor-smartphone"),
    "cold": (said("Chambre froide", "غرفة تبريد", "Cold room"), "snowflake"),
}


# --- buildings ---


@dataclass(frozen=True)
class ResourcePlan:
    """One place that can be booked."""

    code: str
    names: Names
    kind: str
    policy: str
    hours: str
    capacity: int = 1
    features: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()  # codes of what is taken with it, which stand before it
    units: int = 1  # places without names of their own
    layouts: tuple[tuple[LayoutKind, int, int], ...] = ()  # how many people, minutes to set up


@dataclass(frozen=True)
class AreaPlan:
    """A zone of a floor with what stands in it."""

    code: str
    names: Names
    resources: tuple[ResourcePlan, ...] = ()


@dataclass(frozen=True)
class FloorPlan:
    """One level of a building."""

    level: int
    areas: tuple[AreaPlan, ...] = ()


@dataclass(frozen=True)
class BuildingPlan:
    """A building with its way in."""

    code: str
    names: Names
    address: str
    latitude: float
    longitude: float
    way_in: Names
    step_free_note: Names
    floors: tuple[FloorPlan, ...] = field(default=())


FLOOR_NAMES: dict[int, Names] = {
    0: said("Rez-de-chaussée", "الطابق الأرضي", "Ground floor"),
    1: said("1er étage", "الطابق الأول", "1st floor"),
    2: said("2e étage", "الطابق الثاني", "2nd floor"),
    3: said("3e étage", "الطابق الثالث", "3rd floor"),
}


def _desks(prefix: str, count: int, first: int = 1) -> tuple[ResourcePlan, ...]:
    return tuple(
        ResourcePlan(
            code=(code := f"{prefix}-{number:02}"),
            names=said(f"Bureau {code}", f"مكتب {code}", f"Desk {code}"),
            kind="desk",
            policy="desks",
            hours="coworking",
            features=_desk_features(prefix, number),
        )
        for number in range(first, first + count)
    )


def _desk_features(prefix: str, number: int) -> tuple[str, ...]:
    found = ["step_free"] if prefix.startswith("A0") else []
    if prefix == "A2" and number >= FIRST_QUIET_DESK:
        found.append("quiet")
    if number % 3 == 0:
        found.append("two_screens")
    if number % 5 == 0:
        found.append("standing")
    if number % 4 == 1:
        found.append("window")
    return tuple(found)


def _meeting_room(
    code: str,
    fr: str,
    ar: str,
    en: str,
    capacity: int,
    *more: str,
    step_free: bool = False,
    policy: str = "rooms",
) -> ResourcePlan:
    return ResourcePlan(
        code,
        said(f"Salle {fr}", f"قاعة {ar}", f"{en} room"),
        "meeting_room",
        policy,
        "rooms",
        capacity,
        (*(("step_free",) if step_free else ()), "screen", "whiteboard", *more),
    )


def _labs(
    prefix: str,
    policy: str,
    hours: str,
    features: tuple[str, ...],
    *labs: tuple[str, str, str, int],
) -> tuple[ResourcePlan, ...]:
    return tuple(
        ResourcePlan(
            f"{prefix}-{number}",
            said(f"Labo {fr}", f"مختبر {ar}", en),
            "lab",
            policy,
            hours,
            capacity,
            features,
        )
        for number, (fr, ar, en, capacity) in enumerate(labs, 1)
    )


def _machines(
    prefix: str, count: int, fr: str, ar: str, en: str, policy: str = "machines"
) -> tuple[ResourcePlan, ...]:
    numbered = count > 1
    return tuple(
        ResourcePlan(
            f"{prefix}-{number}",
            said(*(f"{name} {number}" if numbered else name for name in (fr, ar, en))),
            "equipment",
            policy,
            "always" if policy == "servers" else "workshops",
            features=("network",) if policy == "servers" else ("power",),
        )
        for number in range(1, count + 1)
    )


def _training_rooms(floor: int, *rooms: tuple[str, str, int]) -> tuple[ResourcePlan, ...]:
    return tuple(
        ResourcePlan(
            f"S{floor}-{number}",
            said(f"Salle {name}", f"قاعة {ar}", f"{name} room"),
            "training_room",
            "training",
            "training",
            capacity,
            (
                *(("step_free",) if floor == 0 else ()),
                "projector",
                "whiteboard",
                *(("computers",) if number == 4 else ()),
            ),
            layouts=_layouts(capacity),
        )
        for number, (name, ar, capacity) in enumerate(rooms, 1)
    )


def _layouts(capacity: int) -> tuple[tuple[LayoutKind, int, int], ...]:
    """The ways in which a training room can be set out: rows of chairs take as many as it holds."""
    return (
        (LayoutKind.THEATRE, capacity, 30),
        (LayoutKind.CLASSROOM, capacity * 2 // 3, 30),
        (LayoutKind.U_SHAPE, capacity * 2 // 5, 45),
    )


def _divisible_room(code: str, name: str, ar: str, parts: tuple[int, int]) -> list[ResourcePlan]:
    """A training room with a folding wall: its two parts, and the whole."""
    codes = (f"{code}A", f"{code}B")
    return [
        ResourcePlan(
            one,
            said(f"Salle {name} {letter}", f"قاعة {ar} {letter}", f"{name} room {letter}"),
            "training_room",
            "training",
            "training",
            capacity,
            ("step_free", "projector", "whiteboard"),
            codes if letter == "A+B" else (),
            layouts=_layouts(capacity),
        )
        for one, letter, capacity in (
            (codes[0], "A", parts[0]),
            (codes[1], "B", parts[1]),
            (f"{code}AB", "A+B", sum(parts)),
        )
    ]


_ATLAS = BuildingPlan(
    "ATLAS",
    said("Atlas, coworking", "الأطلس، العمل المشترك", "Atlas, coworking"),
    "1, allée des Exemples (adresse fictive), Sidi Othmane, Casablanca",
    33.5601,
    -7.5612,
    said(
        "Entrée sous l’auvent bleu, badge à l’accueil.",
        "المدخل تحت المظلة الزرقاء، الشارة عند الاستقبال.",
        "Entrance under the blue canopy, badge at reception.",
    ),
    said(
        "Rez-de-chaussée sans marche ; ascenseur jusqu’au 2e étage.",
        "الطابق الأرضي بدون أدراج؛ مصعد حتى الطابق الثاني.",
        "Ground floor step-free; lift to the 2nd floor.",
    ),
    (
        FloorPlan(
            0,
            (
                AreaPlan("A0-PATIO", said("Patio", "الباحة", "Patio"), _desks("A0", 18)),
                AreaPlan("A0-JARDIN", said("Jardin", "الحديقة", "Garden"), _desks("A0", 18, 19)),
                AreaPlan(
                    "A0-SALLES",
                    said("Salles du patio", "قاعات الباحة", "Patio rooms"),
                    (
                        _meeting_room("A0-R1", "Argan", "الأركان", "Argan", 8, step_free=True),
                        _meeting_room("A0-R2", "Cèdre", "الأرز", "Cedar", 4, step_free=True),
                    ),
                ),
            ),
        ),
        FloorPlan(
            1,
            (
                AreaPlan(
                    "A1-MEDINA", said("Médina", "المدينة العتيقة", "Medina"), _desks("A1", 24)
                ),
                AreaPlan("A1-ZELLIGE", said("Zellige", "الزليج", "Zellige"), _desks("A1", 24, 25)),
                AreaPlan(
                    "A1-SALLES",
                    said("Salles de la médina", "قاعات المدينة العتيقة", "Medina rooms"),
                    (
                        _meeting_room("A1-R1", "Olivier", "الزيتون", "Olive", 6),
                        _meeting_room("A1-R2", "Figuier", "التين", "Fig", 4, policy=IN_DEMAND),
                        _meeting_room("A1-R3", "Grenadier", "الرمان", "Pomegranate", 10, "video"),
                        _meeting_room("A1-R4", "Oranger", "البرتقال", "Orange", 6),
                    ),
                ),
            ),
        ),
        FloorPlan(
            2,
            (
                AreaPlan("A2-TERRASSE", said("Terrasse", "الشرفة", "Terrace"), _desks("A2", 18)),
                AreaPlan(
                    "A2-CALME",
                    said("Zone calme", "المنطقة الهادئة", "Quiet zone"),
                    _desks("A2", 18, FIRST_QUIET_DESK),
                ),
                AreaPlan(
                    "A2-SALLES",
                    said("Salles de la terrasse", "قاعات الشرفة", "Terrace rooms"),
                    (
                        _meeting_room(
                            "A2-R1", "Palmier", "النخيل", "Palm", 14, "video", policy=IN_DEMAND
                        ),
                        _meeting_room("A2-R2", "Amandier", "اللوز", "Almond", 5),
                    ),
                ),
            ),
        ),
    ),
)

_RIF = BuildingPlan(
    "RIF",
    said("Rif, laboratoires", "الريف، المختبرات", "Rif, labs"),
    "2, allée des Exemples (adresse fictive), Sidi Othmane, Casablanca",
    33.5607,
    -7.5604,
    said(
        "Sas de sécurité : badge et chaussures fermées.",
        "ممر أمني: الشارة وأحذية مغلقة إلزامية.",
        "Security airlock: badge and closed shoes.",
    ),
    said(
        "Quai de livraison sans marche à l’arrière ; ascenseur de charge.",
        "رصيف التسليم بدون أدراج في الخلف؛ مصعد للحمولات.",
        "Step-free loading dock at the back; goods lift.",
    ),
    (
        FloorPlan(
            0,
            (
                AreaPlan(
                    "R0-FAB",
                    said("Fabrication", "التصنيع", "Fabrication"),
                    (
                        *_labs(
                            "FAB",
                            "labs",
                            "workshops",
                            ("step_free", "power", "gas"),
                            ("d’impression 3D", "الطباعة ثلاثية الأبعاد", "3D printing lab", 8),
                            ("de découpe laser", "القطع بالليزر", "Laser cutting lab", 6),
                            ("d’usinage", "التشغيل الآلي", "Machining lab", 6),
                            ("bois et composites", "الخشب والمركبات", "Wood and composites lab", 8),
                            ("de textiles intelligents", "النسيج الذكي", "Smart textiles lab", 8),
                            ("d’assemblage", "التجميع", "Assembly lab", 12),
                        ),
                        *_machines("IMP", 6, "Imprimante 3D", "طابعة ثلاثية الأبعاد", "3D printer"),
                        *_machines(
                            "LAS", 2, "Découpeuse laser", "قاطعة ليزر", "Laser cutter", TRAINED
                        ),
                        *_machines(
                            "CNC", 2, "Fraiseuse CNC", "آلة تفريز رقمية", "CNC mill", TRAINED
                        ),
                        *_machines("SCN", 1, "Scanner 3D", "ماسح ثلاثي الأبعاد", "3D scanner"),
                    ),
                ),
                AreaPlan(
                    "R0-SALLES",
                    said("Salle du quai", "قاعة الرصيف", "Dock room"),
                    (_meeting_room("R0-R1", "Thuya", "العرعار", "Thuja", 8, step_free=True),),
                ),
            ),
        ),
        FloorPlan(
            1,
            (
                AreaPlan(
                    "R1-ELEC",
                    said("Électronique", "الإلكترونيات", "Electronics"),
                    (
                        *_labs(
                            "ELEC",
                            "labs",
                            "labs",
                            ("power", "network"),
                            ("de prototypage", "النماذج الأولية", "Prototyping lab", 8),
                            ("de mesures radio", "القياسات الراديوية", "Radio measurement lab", 4),
                            ("de robotique", "الروبوتيات", "Robotics lab", 10),
                            (
                                "de systèmes embarqués",
                                "الأنظمة المدمجة",
                                "Embedded systems lab",
                                8,
                            ),
                            ("d’énergie solaire", "الطاقة الشمسية", "Solar energy lab", 6),
                            ("d’objets connectés", "الأشياء المتصلة", "Connected objects lab", 8),
                        ),
                        *_machines("OSC", 4, "Oscilloscope", "راسم الإشارات", "Oscilloscope"),
                        *_machines(
                            "SOU", 4, "Station de soudage", "محطة اللحام", "Soldering station"
                        ),
                        *_machines(
                            "SPE", 1, "Analyseur de spectre", "محلل الطيف", "Spectrum analyser"
                        ),
                        *_machines(
                            "PCB", 1, "Graveuse de circuits", "آلة نقش الدارات", "PCB mill", TRAINED
                        ),
                        ResourcePlan(
                            "OUV-1",
                            said("Laboratoire ouvert", "المختبر المفتوح", "Open lab"),
                            "lab",
                            "desks",
                            "labs",
                            features=("power", "network"),
                            units=10,
                        ),
                    ),
                ),
            ),
        ),
        FloorPlan(
            2,
            (
                AreaPlan(
                    "R2-BIO",
                    said("Biotechnologie", "التكنولوجيا الحيوية", "Biotechnology"),
                    (
                        *_labs(
                            "BIO",
                            "labs",
                            "labs",
                            ("fume_hood", "water", "cold"),
                            ("de microbiologie", "الأحياء الدقيقة", "Microbiology lab", 6),
                            ("de chimie verte", "الكيمياء الخضراء", "Green chemistry lab", 6),
                            ("d’analyse de l’eau", "تحليل المياه", "Water analysis lab", 5),
                            ("de culture cellulaire", "زراعة الخلايا", "Cell culture lab", 4),
                            (
                                "agroalimentaire",
                                "الصناعات الغذائية",
                                "Food technology lab",
                                8,
                            ),
                            ("de cosmétique", "مستحضرات التجميل", "Cosmetics lab", 6),
                        ),
                        *_machines("MIC", 3, "Microscope", "مجهر", "Microscope"),
                        *_machines("CEN", 2, "Centrifugeuse", "جهاز الطرد المركزي", "Centrifuge"),
                        *_machines("AUT", 1, "Autoclave", "جهاز التعقيم", "Autoclave"),
                    ),
                ),
            ),
        ),
        FloorPlan(
            3,
            (
                AreaPlan(
                    "R3-DATA",
                    said("Données et IA", "البيانات والذكاء الاصطناعي", "Data and AI"),
                    (
                        *_labs(
                            "DATA",
                            "data_labs",
                            "labs",
                            ("network", "screen"),
                            ("de vision par ordinateur", "الرؤية الحاسوبية", "Vision lab", 8),
                            ("de calcul intensif", "الحوسبة المكثفة", "Computing lab", 6),
                            ("de réalité virtuelle", "الواقع الافتراضي", "Virtual reality lab", 6),
                            ("de cybersécurité", "الأمن السيبراني", "Cybersecurity lab", 10),
                            ("de langues et darija", "اللغات والدارجة", "Language lab", 8),
                            ("de jumeaux numériques", "التوائم الرقمية", "Digital twins lab", 8),
                        ),
                        *_machines(
                            "GPU", 3, "Serveur de calcul", "خادم حوسبة", "Compute server", "servers"
                        ),
                    ),
                ),
                AreaPlan(
                    "R3-SALLES",
                    said("Salle panoramique", "القاعة البانورامية", "Panorama room"),
                    (_meeting_room("R3-R1", "Caroubier", "الخروب", "Carob", 12, "video"),),
                ),
            ),
        ),
    ),
)

_SAISS = BuildingPlan(
    "SAISS",
    said("Saïss, formation", "سايس، التكوين", "Saïss, training"),
    "3, allée des Exemples (adresse fictive), Sidi Othmane, Casablanca",
    33.5596,
    -7.5599,
    said(
        "Entrée par la cour des orangers.",
        "المدخل من ساحة أشجار البرتقال.",
        "Entrance through the court of orange trees.",
    ),
    said(
        "Rampe à gauche de l’entrée ; ascenseur à tous les étages.",
        "منحدر على يسار المدخل؛ مصعد في جميع الطوابق.",
        "Ramp to the left of the entrance; lift to every floor.",
    ),
    (
        FloorPlan(
            0,
            (
                AreaPlan(
                    "S0-COUR",
                    said("Cour", "الساحة", "Courtyard"),
                    (
                        *_training_rooms(0, ("Fès", "فاس", 40)),
                        *_divisible_room("S0-2", "Moulouya", "ملوية", (20, 24)),
                        _meeting_room("S0-R1", "Safran", "الزعفران", "Saffron", 6, step_free=True),
                    ),
                ),
            ),
        ),
        FloorPlan(
            1,
            (
                AreaPlan(
                    "S1-NORD",
                    said("Aile nord", "الجناح الشمالي", "North wing"),
                    (
                        *_training_rooms(
                            1,
                            ("Tanger", "طنجة", 30),
                            ("Tétouan", "تطوان", 20),
                            ("Chefchaouen", "شفشاون", 12),
                            ("Larache", "العرائش", 18),
                        ),
                        _meeting_room("S1-R1", "Menthe", "النعناع", "Mint", 6),
                    ),
                ),
            ),
        ),
        FloorPlan(
            2,
            (
                AreaPlan(
                    "S2-SUD",
                    said("Aile sud", "الجناح الجنوبي", "South wing"),
                    _training_rooms(
                        2,
                        ("Agadir", "أكادير", 30),
                        ("Taroudant", "تارودانت", 20),
                        ("Essaouira", "الصويرة", 14),
                        ("Ouarzazate", "ورزازات", 18),
                    ),
                ),
            ),
        ),
        FloorPlan(
            3,
            (
                AreaPlan(
                    "S3-EST",
                    said("Aile est", "الجناح الشرقي", "East wing"),
                    _training_rooms(
                        3,
                        ("Oujda", "وجدة", 24),
                        ("Nador", "الناظور", 20),
                        ("Berkane", "بركان", 12),
                        ("Figuig", "فكيك", 18),
                    ),
                ),
            ),
        ),
    ),
)

BUILDINGS: tuple[BuildingPlan, ...] = (_ATLAS, _RIF, _SAISS)

# The spaces that have a picture.
PICTURED = (
    *("A0-01", "A1-01", "A0-R1", "A1-R3", "A2-R1", "R3-R1"),
    *("FAB-1", "ELEC-1", "BIO-1", "DATA-1", "S0-1", "S1-1", "IMP-1", "LAS-1"),
)

LAB_AREAS = ("R0-FAB", "R1-ELEC", "R2-BIO", "R3-DATA")
TRAINING_AREAS = ("S0-COUR", "S1-NORD", "S2-SUD", "S3-EST")


# --- what is out of order, what is closed for maintenance ---


@dataclass(frozen=True)
class Breakdown:
    """A resource that does not work, and the day on which it should again; days from today."""

    code: str
    reason: str
    since: int
    back: int | None


BREAKDOWNS: tuple[Breakdown, ...] = (
    Breakdown("A1-17", "Prise électrique à remplacer", -2, 3),
    Breakdown("A2-31", "Pied du bureau cassé", -6, 8),
    Breakdown("LAS-2", "Tube laser en commande", -9, 12),
    Breakdown("IMP-4", "Buse bouchée, technicien prévenu", -1, 2),
    Breakdown("AUT-1", "Contrôle de pression refusé", -4, None),
)


@dataclass(frozen=True)
class Maintenance:
    """A closure of one resource: in so many open days from today, between two hours."""

    code: str
    names: Names
    open_days: int
    opens: int
    closes: int


MAINTENANCE: tuple[Maintenance, ...] = (
    Maintenance("A1-R3", said("Réglage de la visioconférence", "ضبط التناظر المرئي",
                              "Video system tuning"), 1, 12, 14),
    Maintenance("ELEC-2", said("Étalonnage annuel", "المعايرة السنوية",
                               "Annual calibration"), 3, 8, 12),
    Maintenance("BIO-1", said("Désinfection", "تعقيم", "Disinfection"), 5, 14, 18),
    Maintenance("S0-1", said("Révision de la sonorisation", "مراجعة الصوتيات",
                             "Sound system check"), 8, 9, 12),
    Maintenance("CNC-1", said("Entretien de la broche", "صيانة عمود الدوران",
                              "Spindle service"), -4, 9, 12),
)  # fmt: skip
