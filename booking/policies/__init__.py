"""House rules: what a policy holds, the facts rules need, and the verdict."""
