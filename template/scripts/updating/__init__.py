"""How a release of the template is brought into a project: what scripts/template_update.py does, step by step."""
