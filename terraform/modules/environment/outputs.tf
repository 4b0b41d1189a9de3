output "folder" {
  description = "The environment's folder."
  value       = terraform_data.folder.output.folder
}

output "settings" {
  description = "The environment's settings, as they stand in environment.json."
  value       = jsondecode(terraform_data.folder.output.settings)
}
