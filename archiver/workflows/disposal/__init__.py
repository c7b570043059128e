"""Disposal: what is due is proposed, reviewed, approved by two people, and destroyed or transferred one by one."""
