{{- define "allswell.name" -}}
{{- if contains "allswell" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-allswell" .Release.Name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "allswell.selector" -}}
app.kubernetes.io/name: allswell
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "allswell.labels" -}}
{{ include "allswell.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
