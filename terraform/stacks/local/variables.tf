variable "directory" {
  type        = string
  description = "The folder that holds the environments of this machine."
  default     = ".slipway/environments"
  nullable    = false
}

variable "replicas" {
  type        = number
  description = "How many copies of the service run."
  default     = 1
  nullable    = false
}
