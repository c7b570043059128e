"""What is redacted, in texts and in pixels: rules, detectors, the layout record searched, pictures painted anew."""
