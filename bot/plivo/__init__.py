"""Plivo's API: one client that says of every call whether it happened, did not, or may have."""
