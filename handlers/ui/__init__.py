"""Builders: from what a use case returned to Slack's blocks. Pure: no calls, no database."""
