"""What behaves otherwise after IPVS mode: each rule is a function from facts to findings, a family of them a file."""
