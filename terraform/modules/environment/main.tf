locals {
  folder = "${var.directory}/${var.name}"
  settings = jsonencode({
    name    = var.name
    service = var.service
  })
}

# The environment of a single machine is a folder with its settings. The built-in provider manages it: no provider
# has to be fetched, and what is applied is as real as the folder.
resource "terraform_data" "folder" {
  input = {
    folder   = local.folder
    settings = local.settings
  }
  triggers_replace = [local.folder, local.settings]

  provisioner "local-exec" {
    command     = "mkdir -p \"$FOLDER\" && printf '%s\\n' \"$SETTINGS\" > \"$FOLDER/environment.json\""
    environment = { FOLDER = self.input.folder, SETTINGS = self.input.settings }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "rm -f \"$FOLDER/environment.json\""
    environment = { FOLDER = self.input.folder }
  }
}
