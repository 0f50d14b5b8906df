//! What is wrong with the way to the county, in Chinese: somebody stands beside the box and reads it. The English sentences are
//! those of the log, where the trouble is found (`relay::trouble`).

/// A trouble by its kind; what is different from case to case follows it in brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uplink {
    /// The name has no address.
    Name,
    /// Nothing listens.
    NobodyThere,
    /// No way there.
    NoWay,
    /// No answer.
    NoAnswer,
    /// It was there and went.
    Closed,
    /// It went dead.
    Dead,
    /// Nothing is acknowledged.
    Stalled,
    /// Another box of the same name.
    TakenOver,
    /// User name or password.
    Login,
    /// Another refusal.
    Refused,
    /// Not MQTT 5.
    Protocol,
    /// The authority's file.
    CaFile,
    /// An authority that is not known.
    UnknownCa,
    /// Our clock is behind.
    ClockBehind,
    /// Our clock is ahead.
    ClockAhead,
    /// The county's certificate begins later.
    NotYetValid,
    /// The county's certificate is over.
    Expired,
    /// For another name.
    WrongName,
    /// Our own files.
    OwnFiles,
    /// Ours is over.
    OwnExpired,
    /// Ours begins later.
    OwnNotYetValid,
    /// Ours is not accepted.
    OwnRefused,
    /// Ours is missing.
    WantsCertificate,
    /// A port without TLS.
    NotTls,
    /// Any other trouble with TLS.
    Tls,
    /// May not read.
    MayNotRead,
    /// Takes too little.
    TakesTooLittle,
    /// May not write.
    MayNotWrite,
}

impl Uplink {
    /// The sentence in Chinese. `more` is a date or what the other side said; empty where there is nothing.
    #[must_use]
    pub fn zh(self, more: &str) -> String {
        let behind = if more.is_empty() { String::new() } else { format!("({more})") };
        match self {
            Uplink::ClockBehind => {
                format!("本机时钟停在 {more}:这时候没有一张证书是有效的,连不上县平台;正在等校时,校准后立刻重连")
            }
            Uplink::ClockAhead => {
                format!("本机时钟是 {more}(未校准),照它看县平台的证书已过期;正在等校时,校准后立刻重连")
            }
            Uplink::OwnExpired => format!("县平台不认本机的证书:它已于 {more} 到期,请换新的(cert_file、key_file)"),
            Uplink::OwnNotYetValid => format!("县平台不认本机的证书:它从 {more} 起才有效;县里的时钟对吗?"),
            other => format!("{}{behind}", other.plain()),
        }
    }

    const fn plain(self) -> &'static str {
        match self {
            Uplink::Name => "查不到县平台服务器的地址:网络通吗?名字写对了吗?",
            Uplink::NobodyThere => "县平台的地址和端口上没有服务器:它在运行吗?端口对吗?",
            Uplink::NoWay => "到县平台的路不通:网络通吗?",
            Uplink::NoAnswer => "县平台的服务器不应答:网络通吗?中间有防火墙吗?",
            Uplink::Closed => "县平台的服务器断开了连接",
            Uplink::Dead => "到县平台的连接没有声响了",
            Uplink::Stalled => "县平台的服务器连着却什么也不确认;正在重连",
            Uplink::TakenOver => "另一台主机用同样的站号和网关号连到县里:这台主机被复制过吗?",
            Uplink::Login => "县平台不认本机的用户名和密码",
            Uplink::Refused => "县平台的服务器拒绝本机",
            Uplink::Protocol => "县平台的地址上不是 MQTT 5 服务器",
            Uplink::CaFile => "没法核对县平台的证书",
            Uplink::UnknownCa => "县平台的证书不是本机认识的机构签发的:CA 文件是县里最新的吗?",
            Uplink::NotYetValid => "照本机已校准的时钟,县平台的证书还没有生效:请县里查看证书",
            Uplink::Expired => "照本机已校准的时钟,县平台的证书已过期:请县里换证书",
            Uplink::WrongName => "县平台的证书不是给这里所写的地址的",
            Uplink::OwnFiles => "本机的证书或密钥文件不能用",
            Uplink::OwnRefused => "县平台不认本机的证书:是县里的机构签发给这台主机的吗?",
            Uplink::WantsCertificate => "县平台要本机出示证书:请写 cert_file 和 key_file",
            Uplink::NotTls => "县平台的这个端口不加密:端口对吗?",
            Uplink::Tls => "到县平台的加密连接失败",
            Uplink::MayNotRead => "县平台不让本机读这个主题:它的权限表要放行",
            Uplink::TakesTooLittle => "县平台的服务器收的消息太小:max_packet_size 要到 66560",
            Uplink::MayNotWrite => "县平台不收本机发的消息:它的权限表或配额要放行",
            Uplink::ClockBehind | Uplink::ClockAhead | Uplink::OwnExpired | Uplink::OwnNotYetValid => "",
        }
    }
}
