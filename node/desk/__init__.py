"""What an agency's clerks see and decide: post, problems, persons, plans, wrong records, health."""
