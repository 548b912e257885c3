"""The front door: Flask blueprints that parse, call the story and answer."""
