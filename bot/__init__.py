"""Numberdesk: find, request, approve, buy and keep phone numbers from Slack, and prove who did what."""

__version__ = "0.1.0"
