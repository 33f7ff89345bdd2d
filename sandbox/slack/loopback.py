"""HTTP clients for this machine only."""

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Given to httpx in place of its own: everything here is plain http, and reading all the world's
certificates takes longer than a test."""
