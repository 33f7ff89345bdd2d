"""Values and rules: pure, no input or output, no database, no Slack."""
