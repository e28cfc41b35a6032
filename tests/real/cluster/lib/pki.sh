# Sourced by ../cluster: one certificate authority, ECDSA keys (fast handshakes in the emulated nodes).

cert() { # cert NAME SUBJECT [SUBJECT-ALTERNATIVE-NAMES]
  local f=$R/pki/$1
  [ -e "$f.crt" ] && return 0
  openssl ecparam -name prime256v1 -genkey -noout -out "$f.key" 2>/dev/null
  openssl req -new -key "$f.key" -subj "$2" -out "$f.csr" 2>/dev/null
  openssl x509 -req -in "$f.csr" -CA "$R/pki/ca.crt" -CAkey "$R/pki/ca.key" -CAcreateserial -days 3650 -out "$f.new" -extfile <(
    echo 'keyUsage=critical,digitalSignature'; echo 'extendedKeyUsage=serverAuth,clientAuth'; [ -z "${3:-}" ] || echo "subjectAltName=$3") 2>/dev/null
  rm "$f.csr"; mv "$f.new" "$f.crt"
}
kubeconfig() { # kubeconfig FILE CERT SERVER
  ( umask 077; cat >"$1" <<E
apiVersion: v1
kind: Config
clusters:
- name: rig
  cluster: {server: "$3", certificate-authority-data: $(base64 -w0 <"$R/pki/ca.crt")}
users:
- name: rig
  user: {client-certificate-data: $(base64 -w0 <"$R/pki/$2.crt"), client-key-data: $(base64 -w0 <"$R/pki/$2.key")}
contexts:
- name: rig
  context: {cluster: rig, user: rig}
current-context: rig
E
  )
}
pki() {
  local p=$R/pki
  if [ ! -e "$p/ca.crt" ]; then
    openssl ecparam -name prime256v1 -genkey -noout -out "$p/ca.key" 2>/dev/null
    openssl req -x509 -new -key "$p/ca.key" -subj /CN=rig-ca -days 3650 -out "$p/ca.crt" -addext 'keyUsage=critical,keyCertSign,cRLSign' 2>/dev/null
  fi
  [ -e "$p/sa.pub" ] || { openssl genrsa -out "$p/sa.key" 2048 2>/dev/null; openssl rsa -in "$p/sa.key" -pubout -out "$p/sa.pub" 2>/dev/null; }
  cert apiserver /CN=kube-apiserver "IP:127.0.0.1,IP:$HOSTIP,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc"
  cert kubelet-client /O=system:masters/CN=kube-apiserver-kubelet-client
  cert admin /O=system:masters/CN=kubernetes-admin
  cert controller-manager /CN=system:kube-controller-manager
  cert scheduler /CN=system:kube-scheduler
  kubeconfig "$R/kubeconfig" admin "https://127.0.0.1:$API"
  kubeconfig "$p/controller-manager.conf" controller-manager "https://127.0.0.1:$API"
  kubeconfig "$p/scheduler.conf" scheduler "https://127.0.0.1:$API"
}
pki_node() { # pki_node NAME IP
  cert "$1" "/O=system:nodes/CN=system:node:$1"
  cert "$1-server" "/O=system:nodes/CN=system:node:$1" "DNS:$1,IP:$2,IP:127.0.0.1"
  kubeconfig "$R/pki/$1.conf" "$1" "https://$HOSTIP:$API"
}
