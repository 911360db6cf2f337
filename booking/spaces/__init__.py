"""Places: sites, buildings, floors, areas, resources, features and opening hours."""
