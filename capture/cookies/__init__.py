"""What a browser keeps of a site, and which site an address belongs to. Pure rules."""
