"""Notifications for one user, and announcements for everybody."""
