"""Vision: a picture that a camera reported becomes sightings, by a model pack of the site."""
