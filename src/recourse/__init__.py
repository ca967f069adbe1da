"""placeholder until the public names land"""
