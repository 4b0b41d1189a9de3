module "environment" {
  source = "../../modules/environment"

  name      = "local"
  directory = var.directory
  service = {
    name     = "screening"
    replicas = var.replicas
  }
}
