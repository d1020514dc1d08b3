"""Settings that change at run time: those that the server obeys, and any others that the platform keeps here."""
