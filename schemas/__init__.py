"""What is said in Wardwatch: events, topics, envelopes, codes and foreign documents; no I/O."""
