"""Sign-in at the hospital's own issuer: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636)."""
