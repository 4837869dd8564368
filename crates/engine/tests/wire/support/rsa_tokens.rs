//! Tokens of an RSA key whose private part was thrown away, valid until the year 2100: RSA keys take too long to make in
//! a test.

/// `n` of the key; its `e` is AQAB and its `kid` rsa-1.
pub const MODULUS: &str = concat!(
    "mz_UltyGX3Q9RkU3BL7wmdZOmZSkaGoXs3uTg_puQ0PEfeG3KofRZagOirAPFmcRqDgTx2O3PF2YXLuc0UQCHyzwusGnwGViOzBe",
    "clUhi947GS1LAes5Vffcd8MqQTE0VrlIX_t8ICeDbJltRzS6BAgebIxG6Lga_wodPK5fBObhJhuhlgHuYWjMFM8uiWB0CNeTvtQZ",
    "8WX7-ZYyun3jyzwv7xGugLZqbe8O9IgmvQYLBu39Hd6UqBpXe6OOt70jolA2_KaKxI9zWbyEGqfWac84S5wVAdc4QHhYJr0a6PTU",
    "Wix4p96Juz784IeHslZf92FfuGRQynGaYfNdPEpqjQ",
);

/// Subject alice.
pub const RS256: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.hIOT_qwmF5ijh69a",
    "sduvAf3ZMT3TQb4CAtuE4VKNHBkwOkZXh1cJdJWcUWnHaz9JZzK1uF_y2s5Y4iH_fDdLkEcdn5vEpmvjqPcIOioO5hCTCxWMKvkl",
    "1w35GiskSKXv3KyQHGfYZAV5Jr-j4_ic2pQFwnHWCb8WW8Pq9ejxw-14uNJ_fscSZvLcuFPZP9-ouh9r91cE30y4v-9oWoEmWMSE",
    "JLXMutIwcG3RAuqas0IhkuV2JXFWxY0mdkq-vw8UlhlrQhY2SlY8U_wp05PxdD619tK1WYtSr6b8s7lWtbNWvkDAEZgb4_qQrX0I",
    "qBdZG_jr_WvcUaZAs3qeA8LNNw",
);

/// Subject alice.
pub const PS384: &str = concat!(
    "eyJhbGciOiJQUzM4NCIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.Y38E4QWoX0xjCA5_",
    "1ddwCbQcNlVLkfgsesNixwzCwHCezuyUKwASre39L4MwsZONYuhhrZC2M0Sp8t8PASNnSah2kfmn65_MIQRDH6kogtRU_wFcple1",
    "87mle79TtetfLQIkZAoBputzdohPwcdKDUb9tgI3C8PmJDQ4WawGSVVRy5_LSaVHsJGLDMWrEl4rB6O1gnjfVlIGnfRSywGe0ZII",
    "8MoO08r0YEmBIPn_GIvMvuY5j8hl89k1ggpOA5a4iKeSi4-MsrxJ4Yfah23QVMDEhsqShZIoVEpaPZnEV1d4cWq3vVRdGnL1fgzJ",
    "ijE0ARsrnC0_Jc7Y_NQly6unYQ",
);

/// HS256 tokens whose secret is the public key: as PEM, as DER, as the modulus and as its base64url text.
pub const CONFUSED: [&str; 4] = [
    concat!(
        "eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.19zqVOrZZDQf3FXr",
        "1_MoccTxz_2IfEbzpqjUD56DuoY",
    ),
    concat!(
        "eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.ZMa_C7y8j8LnbNuQ",
        "UmBaBiLvTAgQutG7IgDN9B_j44A",
    ),
    concat!(
        "eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.2SbK0WEyUwBSl8SB",
        "m3GyJ2lGaRgMrJOokEAtina4yYE",
    ),
    concat!(
        "eyJhbGciOiJIUzI1NiIsImtpZCI6InJzYS0xIn0.eyJzdWIiOiJhbGljZSIsImV4cCI6NDEwMjQ0NDgwMH0.gnA9-liHpJQTRTY8",
        "gIOcAnOzcL0F8yMZsgBF4qv-a8I",
    ),
];
