# The smallest stack that manages something: a value in its state, with the provider that is built in.
terraform {
  required_version = ">= 1.11.0"
}

resource "terraform_data" "service" {
  input = { name = "iris", replicas = 1 }
}

output "service" {
  description = "What runs in this environment."
  value       = terraform_data.service.output
}
