output "folder" {
  description = "The environment's folder."
  value       = module.environment.folder
}
