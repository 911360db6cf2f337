"""What is told to whom: texts, mail, delivery attempts."""
