"""What the end-to-end tests stand on: processes, servers, scrapers, raw sockets."""
