"""A local stand-in of Slack: its Web API, its deliveries to an app, and a page for people."""
