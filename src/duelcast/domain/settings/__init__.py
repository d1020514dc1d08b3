"""Settings that change at run time: those that the server obeys, and any that the platform keeps here."""
