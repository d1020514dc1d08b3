"""Settings that change at run time: those the server obeys, and any that the platform keeps here."""
