"""What every feature stands on: time, identity, the database, permissions and the web's edge."""
