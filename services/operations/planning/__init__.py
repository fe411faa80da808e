"""Planning: admissions, theatres, rooms and nurses of the coming days, proposed, and repaired when a day goes wrong."""
