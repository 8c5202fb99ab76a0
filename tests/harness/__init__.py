"""How the tests render the template and run what comes out."""
