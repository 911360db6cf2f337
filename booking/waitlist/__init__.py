"""Waiting for taken time: who waits for what, and who is offered what has become free."""
