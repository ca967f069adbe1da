"""What models state of themselves, as data, and the trial before it is believed."""
