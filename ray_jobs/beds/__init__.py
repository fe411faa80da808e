"""Beds: the census of today and the forecast of the days to come."""
