"""Infrastructure as code: plans that can be saved, encrypted, and applied once.

plan   a saved plan of one stack
state  where the state is kept, and the key that encrypts plans
"""
