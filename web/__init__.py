"""The dashboard, the public pages and the API for other systems."""
