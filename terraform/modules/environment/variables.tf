variable "name" {
  type        = string
  description = "The environment's name; it becomes a folder and part of names, so it is a DNS label."
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", var.name))
    error_message = "The name is a DNS label of at most 32 characters: lower-case letters, digits and hyphens, such as \"staging\"."
  }
}

variable "directory" {
  type        = string
  description = "The folder that holds the environments of this machine; it is made where it is missing."
  nullable    = false

  validation {
    condition     = !strcontains(var.directory, "..") && length(trimspace(var.directory)) > 0
    error_message = "The directory is a path without \"..\", such as \".slipway/environments\"."
  }
}

variable "service" {
  type = object({
    name     = string
    port     = optional(number, 8080)
    replicas = optional(number, 1)
    limits = optional(object({
      cpu_millicores = optional(number, 500)
      memory_mib     = optional(number, 512)
    }), {})
  })
  description = "What may run in the environment, and how much of the machine it may use. Which image runs is no infrastructure: a promotion says that."
  nullable    = false

  validation {
    condition     = var.service.port >= 1 && var.service.port <= 65535
    error_message = "The port is a number from 1 to 65535."
  }

  validation {
    condition     = var.service.replicas >= 1 && var.service.replicas <= 20 && floor(var.service.replicas) == var.service.replicas
    error_message = "The number of replicas is a whole number from 1 to 20."
  }

  validation {
    condition     = var.service.limits.memory_mib >= 256
    error_message = "The service needs at least 256 MiB: numpy and scikit-learn alone take half of that."
  }
}
