"""What the services share: ports and adapters, the stream loop, settings, logging, metrics, health."""
