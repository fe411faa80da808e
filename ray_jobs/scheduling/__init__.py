"""Scheduling: who lies in which bed, and what a timetable of admissions, theatres and nurses costs."""
