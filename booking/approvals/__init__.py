"""The lab manager's list, its pages and API."""
