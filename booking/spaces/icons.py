"""The icons that kinds and features can have: those of the pages' font that mean a thing."""

ICONS = (
    *("armchair", "monitor", "monitor-smartphone", "tv", "presentation", "projector", "users"),
    *("graduation-cap", "book-open", "flask-conical", "microscope", "test-tube", "thermometer"),
    *("cpu", "printer", "box", "wrench", "zap", "plug", "cable", "network", "wifi", "database"),
    *("camera", "video", "volume-2", "scan-line", "weight", "fan", "wind", "flame", "droplets"),
    *("snowflake", "sun", "coffee", "utensils", "lock", "key-round", "accessibility"),
    *("phone", "smartphone", "lightbulb", "layers", "map-pin", "building", "building-2", "house"),
    *("archive", "sliders-horizontal", "settings", "shield-check"),
)
