"""From what was measured to pages for people, and to a verdict."""
